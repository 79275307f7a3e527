"""Shifts between images: estimated by several methods on many tiles, judged, or refused."""
