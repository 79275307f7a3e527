"""The door out: the dossier folder, atomic writes, the ledger, rasters and the catalogue of evidence."""
