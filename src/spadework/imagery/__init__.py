"""The door to catalogues and pixels: the outside's vocabulary ends here."""
