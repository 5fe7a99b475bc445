"""Check digits of identifiers: what tells a card number from an order number."""

from __future__ import annotations

from datetime import date

_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def luhn(digits: str) -> bool:
    """Check a card number (ISO/IEC 7812-1, annex B); `digits` holds digits only."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def resident_id(number: str) -> bool:
    """Check a Chinese resident id of 18 places: a real birthday and the check digit (GB 11643-1999)."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_RESIDENT_WEIGHTS, number, strict=False))
    return "10X98765432"[total % 11] == number[17].upper()


def iban(number: str) -> bool:
    """Check an account number without blanks (ISO 13616): 15 to 34 places, remainder 1 modulo 97."""
    if not 15 <= len(number) <= 34:
        return False
    turned = number[4:] + number[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1
