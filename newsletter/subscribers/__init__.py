"""Who reads the newsletter: the list, the evidence of consent, suppression, the rights of each person."""
