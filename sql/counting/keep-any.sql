{{column}} in (select value from asked_value where step = {{step}} and asked = '{{asked}}')
