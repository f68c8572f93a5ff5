"""The family `wording`: spelling, long sentences, reading ease."""
