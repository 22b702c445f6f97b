"""How fast is the dataset check, beside parsers that check nothing and checks that look at less?"""
