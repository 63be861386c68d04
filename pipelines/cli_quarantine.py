"""The `courtstats quarantine` commands: parse, call, print. What takes long to import is imported where it is used."""

from typing import Annotated

import typer

from pipelines.cli_app import AsJson, ready_for_flows, settings

quarantine_app = typer.Typer(
    help="Show what was set aside and is held, read it again after a fix, or let it go.",
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Reason = Annotated[str | None, typer.Option("--reason", help="Only what is held for this reason.")]
Source = Annotated[str | None, typer.Option("--source", help="Only what is held of this source.")]
Day = Annotated[str | None, typer.Option("--day", help="Only what is held of this hearing day, or of `unknown` ones.")]
Content = Annotated[str | None, typer.Option("--content", help="Only what has a content hash that begins so.")]
All = Annotated[bool, typer.Option("--all", help="What was let go as well.")]


@quarantine_app.callback()
def quarantine_summary(
    context: typer.Context,
    reason: Reason = None,
    source: Source = None,
    day: Day = None,
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """Count what is held, by reason, source and hearing day, and say what to do about each reason."""
    if context.invoked_subcommand is None:
        from pipelines import quarantine

        wanted = quarantine.Wanted(reason, source, day)
        quarantine.summary(settings(), wanted, everything=everything, as_json=as_json)
    elif reason or source or day or everything or as_json:
        raise typer.BadParameter(f"write it after `{context.invoked_subcommand}`, which is what it is for")


@quarantine_app.command("show")
def quarantine_show(
    reason: Reason = None,
    source: Source = None,
    day: Day = None,
    content: Content = None,
    everything: All = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Show at most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show each thing that is held: file, place, reason, hash, hearing day. Never what it says."""
    from pipelines import quarantine

    wanted = quarantine.Wanted(reason, source, day, content)
    quarantine.listing(settings(), wanted, everything=everything, limit=limit, as_json=as_json)


@quarantine_app.command("replay")
def quarantine_replay(
    reason: Reason = None,
    source: Source = None,
    day: Day = None,
    content: Content = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be landed, write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read what is held again, from where it lies, with its first time of receipt. Nothing lands twice."""
    from pipelines import progress, quarantine, replaying

    here = settings()
    wanted = quarantine.Wanted(reason, source, day, content)
    entries = quarantine.record(here, wanted)
    planned = replaying.plan(here, entries)
    if dry_run:
        progress.show()
        done = replaying.dry_run(here, planned, entries)
    elif planned.portions:
        ready_for_flows()
        from pipelines.replay_quarantine import replay_quarantine

        done = replay_quarantine(reason, source, day, content)
    else:
        done = replaying.outcome(here, planned, entries, [], [])
    replaying.printed(done, dry_run=dry_run, as_json=as_json)
    if done.faults or (entries and not done.let_go):
        raise typer.Exit(3)  # there was something, and nothing of it could be read


@quarantine_app.command("release")
def quarantine_release(
    because: Annotated[str, typer.Option("--because", help="Why, in words that name nobody; they are kept.")],
    reason: Reason = None,
    source: Source = None,
    day: Day = None,
    content: Content = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be let go, write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let go what is held, for a reason of your own: it counts as dealt with, and is not set aside again."""
    from pipelines import quarantine

    wanted = quarantine.Wanted(reason, source, day, content)
    quarantine.release(settings(), wanted, because, dry_run=dry_run, as_json=as_json)
