"""Objects in very-high-resolution images: detectors as callables over tiles; what they may claim is held by ``records.vhr``."""
