"""The tables that the rules on landed records read: `records` itself, and what is made from it once for all rules."""

from pathlib import Path

from extract.contract import STATEMENT_ORDER

STANDING = Path(__file__).resolve().parents[1] / "sql" / "standing"
"""Official codes and titles, which come with courtstats; sql/standing/README.md says whence."""

# Statements are told apart by a 64-bit hash, which is much faster than their keys: of two million statements, two
# share a hash once in some ten million gates, and then a rule fails wrongly; none passes wrongly.
STATEMENTS = """
    create table statements as
    select
        source_name, source_format, key, first_day, last_day, complete, all_rows, empty_rows,
        all_rows - list_unique(positions) as positions_repeated,
        len(said) as results_said,
        len(said) - list_unique(said) as results_repeated
    from (
        select
            source_name,
            min(source_format) as source_format,
            any_value(hash(statement_key)) as key,
            min(hearing_date) as first_day,
            max(hearing_date) as last_day,
            bool_and(statement_complete) as complete,
            count(*) as all_rows,
            count(*) filter (where result_index is null) as empty_rows,
            list(hash(offence_index, result_index)) as positions,
            coalesce(
                list(hash(offence_index, result_code, result_short_code, result_text_digest))
                    filter (where coalesce(result_code, result_short_code, result_text_digest) is not null),
                []
            ) as said
        from records
        group by source_name, hash(statement_key, payload_hash, received_at, landed_batch, case_index)
    )
"""
"""One row per statement, made once for the rules on whole statements."""

APPEARANCES = """
    create table appearances as
    select
        source_name,
        hash(case_key) as case_hash,
        hash(defendant_key) as defendant,
        hearing_date,
        bool_and(case_key_strength = 'strong') as strong,
        count(*) as results,
        bit_xor(hash(offence_code, result_code, result_short_code, result_text_digest)) as said
    from records
    where result_index is not null and defendant_key is not null
    group by source_name, hash(case_key), hash(defendant_key), hearing_date
"""
"""One row per case, defendant and day, with a fingerprint of its results whatever their order."""

KNOWN = f"""
    create table known_offences as select code from '{STANDING}/offences.parquet';
    create table known_results as select code from '{STANDING}/results.parquet';
    create table known_courts as select code from '{STANDING}/courts.parquet';
    create table known_short_codes as
        select short_code, cjs_code, lower(trim(replace(label, chr(160), ' '))) as label
        from '{STANDING}/short-codes.parquet' where cjs_code <> '';
"""  # noqa: S608 - the folder that this file comes with
"""Official codes, for the rules that compare with them."""

LANDED_TABLES: dict[str, str] = {"statements": STATEMENTS, "appearances": APPEARANCES}
"""What is made from `records`, by the name of the table."""

_ORDER = ", ".join(STATEMENT_ORDER)
COUNTING_TABLES = (
    # Of a key with several statements the greatest counts; the rest is replaced (extract.contract.STATEMENT_ORDER).
    f"""
        create table replaced as
        with said as (select distinct statement_key, {_ORDER} from known),
        latest as (
            select statement_key, max(row({_ORDER})) as statement from said group by statement_key having count(*) > 1
        )
        select said.* from said join latest using (statement_key) where row({_ORDER}) <> latest.statement
    """,  # noqa: S608 - only column names of the contract
    f"create view records as from known anti join replaced using (statement_key, {_ORDER})",
)
"""What makes `records` of all `known` ones: those of the statements that count."""
