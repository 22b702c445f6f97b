"""Is everything there that TuneDrop needs? Asked by `tunedrop doctor`, and before a job costs money."""

from shared.preflight.before_training import obstacle
from shared.preflight.lines import Check, Line, Status
from shared.preflight.looking import Told, look, verdict
from shared.preflight.site import Azure, Site
from shared.preflight.table import CHECKS

__all__ = ["CHECKS", "Azure", "Check", "Line", "Site", "Status", "Told", "look", "obstacle", "verdict"]
