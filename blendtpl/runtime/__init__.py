"""The run half: a bundle becomes a registry, and its templates render."""
