import jinja2


def make() -> jinja2.Environment:
    return jinja2.Environment(
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<=",
        variable_end_string="=>",
        comment_start_string="<#",
        comment_end_string="#>",
        line_statement_prefix="%",
        line_comment_prefix="##",
        trim_blocks=True,
        lstrip_blocks=True,
    )
