"""Teaching: a person says what a screen is that no rule describes, and the rule made of it counts from then on."""
