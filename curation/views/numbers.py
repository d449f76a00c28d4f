"""Numbers in addresses: whatever stands there, a page answers."""


def is_number(text: str) -> bool:
    """Whether the text is a whole number that a key column can hold: ASCII digits, at most 18 of them."""
    return text.isascii() and text.isdigit() and len(text) <= 18
