"""Commands on definitions: list, explain, check, test, write and plan questions, and look codes up."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_app import AsJson, Every, From, PeriodName, Question, To, app, settings


@app.command()
def questions(as_json: AsJson = False) -> None:
    """List the questions that can be asked."""
    from pipelines import reports
    from pipelines.settings import definitions_of
    from transform.questions import sound_definitions

    found, faults = sound_definitions(definitions_of(settings()))
    reports.questions(found, as_json=as_json)
    if faults:  # a draft with faults does not hide the others
        raise ExceptionGroup("questions or code lists that cannot be used", faults)


@app.command()
def explain(
    question: Question,
    as_json: AsJson = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print the reference page, as Markdown.")] = False,
) -> None:
    """Say what a question counts: in plain words, its codes with titles, its last run, the SQL."""
    from pipelines.explaining import explain_question

    if as_json and as_markdown:
        raise typer.BadParameter("--json and --markdown exclude each other")
    explain_question(settings(), question, as_json=as_json, as_markdown=as_markdown)


@app.command()
def lint(
    question: Annotated[
        str | None, typer.Argument(help="Id of the question. Default: all, with every code list.", show_default=False)
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show what is only good to know too, and look for more of it.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check definitions, their examples and code lists: everything that is wrong, each with file, line and column."""
    from pipelines import linting

    raise typer.Exit(linting.lint(settings(), question, as_json=as_json, strict=strict, everything=everything))


@app.command()
def test(
    questions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[QUESTION]...", help="Ids of questions. Default: all.", show_default=False),
    ] = None,
    example: Annotated[str | None, typer.Option(help="Only the examples of this name.")] = None,
    trace: Annotated[
        bool, typer.Option("--trace", help="Show what happened to each row, of examples that pass too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a question's own examples; of one that fails, show the step that dropped or kept the wrong unit."""
    from pipelines import testing

    if not testing.test(settings(), questions or [], example=example, traced=trace, as_json=as_json):
        raise typer.Exit(4)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="ID", help="Id of the new question.", show_default=False)],
    offence: Annotated[
        list[str],
        typer.Option(help="Offence code, a beginning (OW195*) or a range (OW19501-OW19507). May be repeated."),
    ],
    result: Annotated[
        list[str] | None,
        typer.Option(help="Result code, CJS or short. May be repeated. Default: by the offences' titles."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title. Default: made from the results.")] = None,
    unit: Annotated[str, typer.Option(help="What is counted: case, defendant, application or order.")] = "case",
    owner: Annotated[
        str | None, typer.Option(help="Team that answers for the figure. Default: whoever owns most.")
    ] = None,
    in_force: Annotated[str | None, typer.Option(help="First day on which the law was in force, with --act.")] = None,
    act: Annotated[str | None, typer.Option(help="Name of the Act, with --in-force.")] = None,
    base: Annotated[
        bool, typer.Option("--base", help="Each offence code stands for all its forms (attempt, aid and abet).")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the files, write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a new question from offence codes: its file, its code lists, examples that hold."""
    from pipelines import scaffolding

    scaffolding.new(
        settings(), name, offences=offence, results=result or [], title=title, unit=unit, owner=owner,
        in_force=in_force, act=act, base=base, dry_run=dry_run, as_json=as_json,
    )  # fmt: skip


@app.command()
def plan(
    question: Question,
    against: Annotated[
        Path | None,
        typer.Option("--against", help="Folder with another version of the definitions: compare with that one."),
    ] = None,
    first: From = None,
    last: To = None,
    period: PeriodName = None,
    every: Every = None,
    cells: Annotated[bool, typer.Option("--cells", help="Show the changed cells of the breakdowns too.")] = False,
    units: Annotated[bool, typer.Option("--units", help="List the units gained and lost, by key.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a changed definition or code list would do to loaded figures, before it does. Writes nothing."""
    from pipelines import planning
    from pipelines.asked import periods

    asked = periods(first, last, period, every) if first or last or period or every else ()
    planning.plan(settings(), question, asked, against, cells=cells, units=units, as_json=as_json)
