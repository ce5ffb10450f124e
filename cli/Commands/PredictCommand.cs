using System.CommandLine;
using System.Text.Json;
using Larder.Cli.Output;
using Larder.Cli.Running;
using Larder.Cli.Transfers;
using Larder.Client;
using Larder.Contracts;

namespace Larder.Cli.Commands;

/// <summary><c>larder predict</c>.</summary>
internal static class PredictCommand
{
    public static Command Create()
    {
        var reference = Parsing.Reference();
        var values = new Option<string?>("--values", "-v") { Description = "The values: JSON as '[5.1, 3.5, 1.4, 0.2]' or '{\"column\": value}', @FILE with JSON, or - for standard input.", HelpName = "JSON" };
        var csv = new Option<string?>("--csv") { Description = "A CSV file with the columns in its first row.", HelpName = "FILE" };
        var image = new Option<string?>("--image") { Description = "A picture.", HelpName = "FILE" };
        var top = new Option<int?>("--top") { Description = "Only the N classes with the highest scores.", HelpName = "N" };
        var activation = new Option<string?>("--activation") { Description = "softmax or sigmoid, of raw scores." };
        var output = new Option<string?>("--of") { Description = "The output that --top and --activation are for.", HelpName = "OUTPUT" };
        var byPosition = new Option<bool>("--by-position") { Description = "The columns of the CSV file are in the model's order, whatever their names are." };
        return new Command("predict", "Predict with a model.") { reference, values, csv, image, top, activation, output, byPosition }.Runs(async run =>
        {
            var given = new[] { run.Value(values), run.Value(csv), run.Value(image) };
            if (given.Count(value => value is not null) != 1)
                throw new UsageException("Say one of --values, --csv and --image.");
            if (run.Value(byPosition) && given[1] is null)
                throw new UsageException("--by-position is for --csv.");
            var options = new PredictionOptions { Top = run.Value(top), Activation = run.Value(activation), Output = run.Value(output), ByPosition = run.Value(byPosition) ? true : null };
            Print(run, await PredictAsync(run, run.Value(reference), given, options));
        });
    }

    private static async Task<PredictionAnswer> PredictAsync(CommandRun run, string reference, string?[] given, PredictionOptions options)
    {
        if (given[0] is { } text)
            return await run.Client.Predictions.PredictAsync(reference, Unwrapped(await LocalFile.JsonAsync(text, "--values", run.Stop)), options, run.Stop);
        await using var file = LocalFile.Open((given[1] ?? given[2])!);
        return given[1] is not null
            ? await run.Client.Predictions.PredictCsvAsync(reference, file, options, run.Stop)
            : await run.Client.Predictions.PredictImageAsync(reference, file, options, run.Stop);
    }

    // A whole body of the API is taken, too: files of samples are such bodies.
    private static JsonElement Unwrapped(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && json.EnumerateObject().Count() == 1 && json.TryGetProperty("values", out var values) ? values : json;

    // Outputs with as many rows as the others are columns; what has another shape is one cell.
    private static void Print(CommandRun run, PredictionAnswer answer)
    {
        if (run.Terminal.Format == OutputFormat.Json)
        {
            Terminal.Write(answer);
            return;
        }
        var outputs = answer.Outputs.Concat((answer.Labels ?? new Dictionary<string, JsonElement>()).Select(label => KeyValuePair.Create($"{label.Key} (class)", label.Value))).ToList();
        var rows = outputs.All(output => output.Value.ValueKind == JsonValueKind.Array) && outputs.Select(output => output.Value.GetArrayLength()).Distinct().ToList() is [var count] ? count : -1;
        run.Terminal.List(
            Enumerable.Range(0, Math.Max(rows, 1)).ToList(),
            [.. outputs.Select(output => new Column<int>(output.Key, row => Cell(rows < 0 ? output.Value : output.Value[row])) { Heading = output.Key })]);
    }

    private static string Cell(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
