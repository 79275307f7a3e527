"""How well a pipeline does: against known truth, and against changes planted into a site's own looks."""
