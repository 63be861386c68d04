"""Parts of definitions and code lists from which the examples of the linter's catalogue are made."""

from transform.codelists import HEADER

SPO = "3307,cjs,Stalking Protection Order,order,2020-01-20"
INTERIM_ORDER = "3306,cjs,Interim Stalking Protection Order"
APPLY = "ST19501,offence,Application for a Stalking Protection Order,new,2020-01-20"
KEEP_OFFENCES = '[[step]]\nname = "The application"\nkeep = { offence = "spo-applications" }\n'
KEEP_RESULTS = '[[step]]\nname = "It was granted"\nkeep = { result = "spo-granted" }\n'


def list_text(*lines: str) -> str:
    """A code list with these lines, for the catalogue; each is code, match, label, and what else it needs."""
    return "".join(f"{line}\n" for line in (",".join(HEADER), *(x + "," * (6 - x.count(",")) for x in lines)))


def row_text(result: str, day: str = "2020-02-03", **more: str) -> str:
    """A row of an example, for the catalogue."""
    besides = "".join(f', {name} = "{value}"' for name, value in more.items())
    return f'{{ case = "A", hearing = {day}, offence = "ST19501", result = "{result}"{besides} }}'


def example_text(name: str, expect: str, *rows: str) -> str:
    """An example, for the catalogue."""
    given = "".join(f"  {row},\n" for row in rows)
    return f'[[example]]\nname = "{name}"\ngiven = [\n{given}]\nexpect = {{ {expect} }}\n'
