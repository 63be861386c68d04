{{column}} between
        (select first_day from asked_window where step = {{step}} and asked = '{{asked}}')
        and (select last_day from asked_window where step = {{step}} and asked = '{{asked}}')
