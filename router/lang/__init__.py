"""The rule language, from text to outcomes:

    file, problems     = parse(source, grammar)          text to syntax tree        parse, recover, build
    program, problems  = check(files, environment)       names, types, one rule     check
    destinations       = bind(program, variables)        ids and secrets            bind
    result             = route(program, arrival)         one event, all outcomes    route, walk
    text               = draw(problem)                   a mistake, for its author  draw

Nothing here knows TikTok, HTTP, files or the command line: functions, events and fields come in as an
`Environment`.
"""
