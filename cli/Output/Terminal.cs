using System.Text.Encodings.Web;
using System.Text.Json;
using CsvHelper;
using Spectre.Console;

namespace Larder.Cli.Output;

/// <summary>Prints results to standard output; notes, progress and errors to standard error. What goes to a file or a pipe has no colours and no progress.</summary>
internal sealed class Terminal
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // NO_COLOR leaves out bold type too: some terminals show it as a colour.
    private static readonly bool HasColors = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
    private static readonly Style Heading = new(decoration: HasColors ? Decoration.Bold : Decoration.None);

    private readonly IAnsiConsole _out;
    private readonly IAnsiConsole _error;

    public Terminal(OutputFormat format, bool isQuiet)
    {
        (Format, IsQuiet) = (format, isQuiet);
        _out = Create(Console.Out, Console.IsOutputRedirected);
        _error = Create(Console.Error, Console.IsErrorRedirected);
    }

    /// <summary>How results are printed.</summary>
    public OutputFormat Format { get; }

    /// <summary>Whether notes and progress are left out.</summary>
    public bool IsQuiet { get; }

    /// <summary>Whether a user can be asked.</summary>
    public static bool CanAsk => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>Whether lines of a log may have a status line below them.</summary>
    public bool ShowsStatus => !IsQuiet && Format == OutputFormat.Table && !Console.IsOutputRedirected && _out.Profile.Capabilities.Interactive;

    /// <summary>Where progress is drawn; null where it is not.</summary>
    public IAnsiConsole? Progress => IsQuiet || Console.IsErrorRedirected || !_error.Profile.Capabilities.Interactive ? null : _error;

    /// <summary>Standard output as a terminal.</summary>
    public IAnsiConsole Screen => _out;

    /// <summary>Prints a list.</summary>
    public void List<T>(IReadOnlyList<T> items, params IReadOnlyList<Column<T>> columns)
    {
        switch (Format)
        {
            case OutputFormat.Json:
                Write(items);
                break;
            case OutputFormat.Csv:
                Csv(items, columns);
                break;
            default:
                Table(items, columns);
                break;
        }
    }

    /// <summary>Prints one thing: as JSON whole, else its fields.</summary>
    public void Show<T>(T item, params IReadOnlyList<(string Name, string? Value)> fields)
    {
        if (Format == OutputFormat.Json)
        {
            Write(item);
            return;
        }
        var shown = fields.Where(field => !string.IsNullOrEmpty(field.Value)).ToList();
        if (Format == OutputFormat.Csv)
        {
            Csv(shown, [new("field", field => field.Name), new("value", field => field.Value)]);
            return;
        }
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        foreach (var (name, value) in shown)
            grid.AddRow(new Text(name, Heading), new Text(Plain.Text(value!)));
        Render(grid);
    }

    /// <summary>Says what was done: a sentence, the server's answer as JSON, or with --quiet a name alone.</summary>
    public void Done<T>(string sentence, T answer, string name)
    {
        if (Format == OutputFormat.Json)
            Write(answer);
        else
            Line(IsQuiet ? name : sentence);
    }

    /// <summary>Prints a line of the result.</summary>
    public static void Line(string text) => Console.Out.WriteLine(Plain.Text(text));

    /// <summary>Prints JSON.</summary>
    public static void Write<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Json));

    /// <summary>Says something beside the result.</summary>
    public void Note(string sentence)
    {
        if (!IsQuiet)
            Console.Error.WriteLine(Plain.Text(sentence));
    }

    /// <summary>Says what went wrong.</summary>
    public void Error(string sentence, string? requestId = null)
    {
        _error.Write(new Text("error: ", HasColors ? new Style(Color.Red) : Style.Plain));
        Console.Error.WriteLine(Plain.Text(sentence));
        if (requestId is not null)
            Console.Error.WriteLine($"request id: {Plain.Text(requestId)}");
    }

    /// <summary>Asks a question that is answered with yes or no.</summary>
    public bool Confirm(string question) => _error.Prompt(new ConfirmationPrompt(Markup.Escape(question)) { DefaultValue = false });

    /// <summary>Asks for a text that is not shown; empty for none.</summary>
    public string AskSecret(string question) => _error.Prompt(new TextPrompt<string>(Markup.Escape(question)).Secret().AllowEmpty());

    private static IAnsiConsole Create(TextWriter writer, bool isRedirected)
    {
        return AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = HasColors && !isRedirected ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isRedirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
    }

    private void Table<T>(IReadOnlyList<T> items, IReadOnlyList<Column<T>> columns)
    {
        if (items.Count == 0)
        {
            Note("Nothing found.");
            return;
        }
        var table = new Table().Border(TableBorder.None);
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(Plain.Text(column.Heading), Heading)).PadRight(2));
        foreach (var item in items)
            table.AddRow(columns.Select(column => new Text(Plain.Text(column.Value(item) ?? "-"))));
        Render(table);
    }

    // A pipe has no width: each row is one line there, without blanks at its end.
    private void Render(Spectre.Console.Rendering.IRenderable what)
    {
        if (!Console.IsOutputRedirected)
        {
            _out.Write(what);
            return;
        }
        using var text = new StringWriter();
        var console = Create(text, isRedirected: true);
        console.Profile.Width = 10_000;
        console.Write(what);
        foreach (var line in text.ToString().Split(Environment.NewLine).SkipLast(1))
            Console.Out.WriteLine(line.TrimEnd());
    }

    private static void Csv<T>(IReadOnlyList<T> items, IReadOnlyList<Column<T>> columns)
    {
        using var csv = CsvWriter.Create(Console.Out, new CsvWriterOptions { NewLine = "\n" }, leaveOpen: true);
        foreach (var column in columns)
            csv.WriteField(column.Name);
        csv.EndRecord();
        foreach (var item in items)
        {
            foreach (var column in columns)
                csv.WriteField(column.Value(item) ?? "");
            csv.EndRecord();
        }
    }
}
