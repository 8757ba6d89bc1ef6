"""PHP as the oracle of the shim: cases that run through `php` and through `blendtpl.compat`, byte for byte."""
