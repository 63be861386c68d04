"""The `courtstats` application: what its commands share. Nothing here imports anything heavy."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import progress

if TYPE_CHECKING:
    from pipelines.settings import Settings

app = typer.Typer(
    name="courtstats",
    help="Count court orders from hearing records: the number, how it was reached, and whether it may go out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 a fault of ours, or warnings where quality was asked for them, 2 usage or settings, "
    "or what doctor found to mend, or a figure that quality says is held back, 3 sources or records, 4 a question, its "
    "period or breakdowns, or a code list, 5 stopped by a check, or figures, a backup or the audit log that did not "
    "hold when they were checked, 6 the warehouse, 7 an alert that could not be sent, 130 interrupted.",
)

Paths = Annotated[
    list[Path], typer.Argument(help="Files or folders; folders are searched through.", show_default=False)
]
Question = Annotated[str, typer.Argument(help="Id of the question.", show_default=False)]
Format = Annotated[
    str | None, typer.Option("--format", help="spi, common-platform or table. Default: by the files' endings.")
]
MappingFile = Annotated[Path | None, typer.Option("--mapping", help="TOML file that maps a table's columns to ours.")]
ReceivedAt = Annotated[str | None, typer.Option(help="When the content reached us. Default: now.")]
Covers = Annotated[str | None, typer.Option(help="Days that a table extract covers, FROM..TO, both included.")]
From = Annotated[str | None, typer.Option("--from", help="First day of the period, included.")]
To = Annotated[str | None, typer.Option("--to", help="Last day of the period, included.")]
PeriodName = Annotated[
    str | None, typer.Option("--period", help="2020Q1, 2020-03, 2020H1, 2020 or 2019/20, instead of --from and --to.")
]
By = Annotated[
    list[str] | None,
    typer.Option("--by", help="Breakdown; names joined by commas. May be repeated. Default: the question's."),
]
AsKnownAt = Annotated[
    str | None, typer.Option(help="Leave out what was received later. A date is the end of that day in London.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Every = Annotated[
    str | None, typer.Option("--every", help="Cut into a series: month, quarter, half-year, year or financial-year.")
]
Units = Annotated[
    list[str] | None,
    typer.Option("--unit", help="Unit to count in: case, defendant, application or order. Default: the question's."),
]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"courtstats {version('courtstats')}")
        raise typer.Exit


@app.callback()
def courtstats(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Count court orders from hearing records: the number, how it was reached, and whether it may go out."""


def settings() -> "Settings":
    """The settings of this process."""
    from pipelines.settings import load_settings

    return load_settings()


def ready_for_flows(home: Path | None = None) -> None:
    """What has to happen before Prefect is imported; shows progress from here on."""
    from pipelines.settings import load_settings, prepare_prefect

    progress.show()
    progress.say("Starting Prefect")
    prepare_prefect(load_settings(home=home))


def known(text: str | None) -> datetime | None:
    """The time as known at, in UTC."""
    from pipelines.times import parse_time

    return parse_time(text, "--as-known-at") if text else None


def check_format(format: str | None) -> None:
    """Only the formats that there is a reader for."""
    from extract.kinds import FORMATS

    if format not in (None, *FORMATS):
        raise typer.BadParameter(f"{format!r} is neither {', '.join(FORMATS[:-1])} nor {FORMATS[-1]}")
