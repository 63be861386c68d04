-- Periods of whose months nothing new became known stay as they are, and are not looked at: what replaces a statement,
-- or sets it aside, is of its month.
delete from asked_period
where number not in (
    select number
    from asked_period
    join (
        select distinct date_trunc('month', hearing_date) as month
        from records
        where hearing_date between date_trunc('month', $from) and last_day($to)
          and not (received_at <= $known_before and landed_batch <= $batch_before)
          and received_at <= $as_known_at
          and landed_batch <= $newest_batch
    ) as new_month
        on month between date_trunc('month', first_day) and last_day
)
