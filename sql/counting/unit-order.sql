concat_ws('|', {{application}}, coalesce(defendant_key, ''),
            {{category}})
