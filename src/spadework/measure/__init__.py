"""Lengths, widths, heights and volumes from pixels, each with its interval and budget, or refused with the reason."""
