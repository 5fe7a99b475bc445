"""Text as it comes in: safe types, folding, language, words and sentences, masking of personal data."""
