def celsius(fahrenheit: float) -> float:
    return round((fahrenheit - 32) * 5 / 9, 1)
