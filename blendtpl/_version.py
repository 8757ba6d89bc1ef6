"""The version of blendtpl, which is written into every bundle: emitted code fits one version only."""

__version__ = "0.2.0"
