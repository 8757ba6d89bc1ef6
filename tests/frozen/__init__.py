"""Applications that are frozen into one file, and what they find of blendtpl in it."""
