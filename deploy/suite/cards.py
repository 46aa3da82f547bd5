"""Card numbers for the gateway simulator (simulators/payment_gateway/README.md, "Cards")."""

import random


def passes_luhn(number: str) -> bool:
    digits = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(digit - 9 if digit > 9 else digit for digit in digits) % 10 == 0


def own_number(like: str, random_: random.Random) -> str:
    """Of a card like that test card, but somebody's own."""
    while True:
        number = f"{like[:6]}{random_.randrange(10**6):06}{like[-4:]}"
        if passes_luhn(number):
            return number
