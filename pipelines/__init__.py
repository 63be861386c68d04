"""Where the stages meet: flows, the command line and the settings. Nothing else reads the environment."""

import os

# Nothing here ever calls home. Set before any library that would is imported.
os.environ["GX_ANALYTICS_ENABLED"] = "false"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
os.environ["DO_NOT_TRACK"] = "1"
