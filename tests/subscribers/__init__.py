"""The list of subscribers: who is on it, what is proven, what each may ask for."""
