"""`courtstats demo`: the first question, from files to the warehouse, on synthetic records."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import progress, show
from pipelines.settings import Settings, load_settings

if TYPE_CHECKING:
    from pipelines.synthetic import DemoPlan


def demo_home(settings: Settings, folder: Path | None) -> Path:
    """Where the demo keeps everything: apart from real records, always."""
    return (folder or settings.home / "demo").expanduser().absolute()


def run_demo(home: Path) -> None:
    """Write the synthetic deliveries, land each, count the letter's quarter, load it, and say where all of it is."""
    from pipelines.count_orders import count_orders
    from pipelines.land_hearings import land_hearings
    from pipelines.reports import ran
    from pipelines.synthetic import write_demo

    settings = load_settings(home=home)
    plan = write_demo(home / "synthetic")
    progress.say(f"SYNTHETIC records, invented people: {len(plan.deliveries)} deliveries in {home / 'synthetic'}")
    new = 0
    for delivery in plan.deliveries:
        progress.say(f"Flow land-hearings: {delivery.name}")
        mapping = str(delivery.mapping) if delivery.mapping else None
        landed = land_hearings(
            [str(delivery.path)], delivery.format, mapping, delivery.received_at, delivery.covers, home=str(home)
        )
        new += landed.landing.statements
    progress.say("Flow count-orders: " + plan.question)
    done = count_orders(plan.question, plan.first, plan.last, home=str(home))
    ran(settings, done, as_json=False)
    if done.already_there and not new:
        show.write("The same demo had been run before: nothing was landed, nothing was changed.")
    _what_next(home, plan)


def _what_next(home: Path, plan: "DemoPlan") -> None:
    show.write(f"\nAll of this is SYNTHETIC. It is kept in {home}; to look further:")
    show.write(f"  export COURTSTATS_HOME={home}")
    asked = f"{plan.question} --from {plan.first} --to {plan.last}"
    for command in (
        "figures " + plan.question,
        "explain " + plan.question,
        f"count {asked} --by month,application_type",
        f"units {asked}",
        "status",
    ):
        show.write(f"  courtstats {command}")
