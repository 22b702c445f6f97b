"""What does a moderated request cost, beside a plain proxy and the gateway that people use?"""
