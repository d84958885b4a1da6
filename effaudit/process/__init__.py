"""Worker processes: started, asked, watched and ended without leaving anything behind."""

from effaudit.process.resident import Fault, Limits, Worker
from effaudit.process.site import Site
from effaudit.process.together import cores, do_all

__all__ = ["Fault", "Limits", "Site", "Worker", "cores", "do_all"]
