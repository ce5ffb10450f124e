using System.Buffers;

namespace Larder.Orchestrations.Scoring.Splitting;

/// <summary>
/// Rows of delimited text, where CsvHelper's parser sees them: a field that begins with a quote may have line ends inside; a quote elsewhere in a field that
/// does not begin with one is a character like others. The line feed of CR LF counts as a blank line, which is none.
/// </summary>
/// <param name="delimiter">Between the fields, ASCII.</param>
internal sealed class CsvScanner(byte delimiter) : IRowScanner
{
    private const byte Quote = (byte)'"';
    private const byte CarriageReturn = (byte)'\r';
    private const byte LineFeed = (byte)'\n';

    private static readonly SearchValues<byte> PlainStops = SearchValues.Create([Quote, CarriageReturn, LineFeed]);

    private readonly SearchValues<byte> _tailStops = SearchValues.Create([delimiter, CarriageReturn, LineFeed]);
    private State _state = State.Between;
    private byte _last;

    private enum State
    {
        /// <summary>Before a row.</summary>
        Between,

        /// <summary>In a row, not in quotes; a field begins where the last byte was a delimiter, or the row begins.</summary>
        Plain,

        /// <summary>In quotes.</summary>
        Quoted,

        /// <summary>Behind a quote in quotes: half of two, or the closing one.</summary>
        QuoteInQuotes,

        /// <summary>Behind the closing quote of a field that goes on nevertheless.</summary>
        Tail,
    }

    public bool IsInRow => _state != State.Between;

    public bool IsInQuotes => _state == State.Quoted;

    public long QuotedLines { get; private set; }

    public (int Passed, RowEdge Edge) Next(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            switch (_state)
            {
                case State.Between:
                    if (bytes[at] is CarriageReturn or LineFeed)
                    {
                        at++;
                        break;
                    }

                    (_state, _last, QuotedLines) = (State.Plain, delimiter, 0);
                    return (at, RowEdge.Start);

                case State.Plain:
                    var stop = bytes[at..].IndexOfAny(PlainStops);
                    if (stop < 0)
                    {
                        _last = bytes[^1];
                        return (bytes.Length, RowEdge.None);
                    }

                    var before = stop > 0 ? bytes[at + stop - 1] : _last;
                    at += stop + 1;
                    _last = bytes[at - 1];
                    if (_last != Quote)
                        return End(at);
                    if (before == delimiter)
                        _state = State.Quoted;
                    break;

                case State.Quoted:
                    var quote = bytes[at..].IndexOf(Quote);
                    QuotedLines += (quote < 0 ? bytes[at..] : bytes.Slice(at, quote)).Count(LineFeed);
                    if (quote < 0)
                        return (bytes.Length, RowEdge.None);
                    at += quote + 1;
                    _state = State.QuoteInQuotes;
                    break;

                case State.QuoteInQuotes:
                    _last = bytes[at++];
                    if (_last is CarriageReturn or LineFeed)
                        return End(at);
                    _state = _last == Quote ? State.Quoted : _last == delimiter ? State.Plain : State.Tail;
                    break;

                default:
                    var end = bytes[at..].IndexOfAny(_tailStops);
                    if (end < 0)
                        return (bytes.Length, RowEdge.None);
                    at += end + 1;
                    _last = bytes[at - 1];
                    if (_last != delimiter)
                        return End(at);
                    _state = State.Plain;
                    break;
            }
        }

        return (at, RowEdge.None);
    }

    private (int Passed, RowEdge Edge) End(int at)
    {
        _state = State.Between;
        return (at, RowEdge.End);
    }
}
