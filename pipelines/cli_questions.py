"""Commands on definitions: list, explain, check, test, write and plan questions, and look codes up."""

from pipelines.cli_app import AsJson, Question, app, settings


@app.command()
def questions(as_json: AsJson = False) -> None:
    """List the questions that can be asked."""
    from pipelines import reports, runs

    reports.questions(runs.definitions(settings()), as_json=as_json)


@app.command()
def explain(question: Question, as_json: AsJson = False) -> None:
    """Say what a question counts: the rule in words, its codes with titles, the SQL."""
    from pipelines import runs, show
    from transform.explain import explain, explain_text

    found = runs.question(settings(), question)
    show.write(show.to_json(explain(found)) if as_json else explain_text(found))
