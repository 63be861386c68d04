"""One line on a stage, for the person who watches and for Prefect's log of the run. Never a figure."""

from pipelines import progress


def note(text: str) -> None:
    """Say it on the terminal where one is watching, and in the log of the Prefect run where there is one."""
    from prefect.exceptions import MissingContextError
    from prefect.logging import get_run_logger

    progress.say(text)
    try:
        get_run_logger().info(text)
    except MissingContextError:
        return
