"""Tests of `blendtpl soak`: leaks that are planted are found and named, and nothing where nothing grows."""
