grid_outcome as (
    select number as period_no, category as by_outcome, min(rank) as place_outcome
    from outcome_entry
    cross join asked_period
    group by number, category
)
