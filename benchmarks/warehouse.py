"""Figures of one question, and their triangle, from ten million figures in 24 vintages, on SQLite and PostgreSQL."""

import statistics

from benchmarks.measuring import Options, Ratio, Report, make, module, process, progress

QUESTIONS = 242
TIMES = 15
CURRENT, TRIANGLE = 0.05, 0.5
"""Most seconds for the current figures of a question, and for a triangle of 40 quarters, 24 vintages and 43 forces."""
WAYS = {
    "program": "current figures, `courtstats figures`",
    "view": "current figures, the view `current_figure`",
    "window": "current figures, a window over all vintages",
    "text": "triangle, text",
    "json": "triangle, JSON",
    "csv": "triangle, CSV",
    "by-vintage": "figures as stored at 24 times, one by one",
}
DATABASES = {"SQLite": "warehouse-{}.db", "PostgreSQL": "warehouse-{}-postgresql"}


def run(options: Options) -> Report:
    """Each way in a process of its own on each database; within it one turn warms up."""
    questions = options.size(QUESTIONS)
    rows, ratios, measured, many = [], [], {}, 0
    for database, name in DATABASES.items():
        place = options.work / name.format(questions)
        many = make("making.warehouse", place, questions)["rows"]
        found = {}
        for way, said in WAYS.items():
            progress(f"{database}: {said}")
            found[way] = process(module("sides.figures", place, way, options.times(TIMES))).said
        if len({found[way]["digest"] for way in ("program", "view", "window")}) > 1:
            raise RuntimeError(f"{database}: the current figures differ")
        work = {way: statistics.median(of["turns"]) for way, of in found.items()}
        rows += [
            (f"{database}: {said}", f"{found[way]['rows']:,}", f"{work[way]:.3f}", f"{max(found[way]['turns']):.3f}")
            for way, said in WAYS.items()
        ]
        ratios += [
            Ratio(f"{database}: current figures", work["program"], CURRENT, " s"),
            Ratio(f"{database}: current figures / window over all vintages", work["program"] / work["window"]),
            *(Ratio(f"{database}: triangle, {way}", work[way], TRIANGLE, " s") for way in ("text", "json", "csv")),
            Ratio(f"{database}: triangle, text / figures as stored 24 times", work["text"] / work["by-vintage"]),
        ]
        measured[database] = found
    return Report(
        "warehouse",
        f"{many:,} figures: {questions} questions, 40 quarters, 43 police forces and the total, 24 vintages of which "
        "each changes every figure (as bad as it can be: only changed figures are stored). Read in one process, on a "
        "connection that is open. *A window* numbers the vintages of every cell and takes the last: without marks, and "
        "without leaving out a breakdown that does not add up to its total; here it gives the same figures (compared "
        "in every run).",
        ("side", "rows", "median s", "slowest s"),
        tuple(rows),
        tuple(ratios),
        measured,
    )
