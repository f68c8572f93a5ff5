"""Sending measured: our whole machinery beside Postfix's generator, nodemailer and the standard library."""
