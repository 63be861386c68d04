coalesce(
            (select force from standing_force where standing_force.code = first_result.police_force),
            if(first_result.police_force is null, 'unknown', 'other')
        )
