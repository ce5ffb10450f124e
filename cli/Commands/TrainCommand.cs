using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Cli.Running;
using Larder.Cli.Transfers;
using Larder.Client;

namespace Larder.Cli.Commands;

/// <summary><c>larder train</c>.</summary>
internal static class TrainCommand
{
    private static readonly string[] DatasetExtensions = [".csv", ".tsv", ".jsonl", ".parquet", ".npz", ".zip"];

    private static readonly Argument<string> Model = Parsing.Model();
    private static readonly Argument<string> Source = new("source") { Description = "The script, or a folder with it." };
    private static readonly Option<string?> Script = new("--script") { Description = "The script in the folder. Default: train.py, or the only .py file.", HelpName = "FILE" };
    private static readonly Option<string?> Data = new("--data") { Description = "The data set: a file, or its address on the server (datasets/MODEL/FILE, uploads/PATH, a URL). Default: the only data file in the folder.", HelpName = "FILE|ADDRESS" };
    private static readonly Option<string?> Requirements = new("--requirements") { Description = "A requirements.txt. Default: that of the folder.", HelpName = "FILE" };
    private static readonly Option<string?> Options = new("--options") { Description = "Options of the training: JSON, @FILE with JSON, or - for standard input. Default: options.json of the folder. docs/training.md lists them.", HelpName = "JSON" };
    private static readonly Option<string[]> Set = new("--set") { Description = "One option, over --options: NAME=VALUE, where the value is JSON or else text; repeat it for several.", HelpName = "NAME=VALUE" };
    private static readonly Option<bool> Detach = new("--detach", "-d") { Description = "Start it, print the job's id, and do not follow it." };

    public static Command Create() => new Command("train", "Train a model with a script, and follow its log. The exit code says how it ended.")
    {
        Model, Source, Script, Data, Requirements, Options, Set, Detach,
    }.Runs(RunAsync);

    private static async Task<int> RunAsync(CommandRun run)
    {
        var folder = Directory.Exists(run.Value(Source)) ? run.Value(Source) : null;
        var script = ScriptOf(run, folder);
        var data = run.Value(Data) ?? DataOf(folder);
        var requirements = run.Value(Requirements) ?? Existing(folder, "requirements.txt");
        var options = await OptionsAsync(run, folder);

        await using var scriptFile = LocalFile.Open(script);
        await using var requirementsFile = requirements is null ? null : LocalFile.Open(requirements);
        await using var dataFile = DataArgument.IsAddress(data) ? null : LocalFile.Open(data);
        var training = new TrainingSubmission
        {
            Script = new FilePart(Path.GetFileName(script), scriptFile),
            Requirements = requirementsFile is null ? null : new FilePart("requirements.txt", requirementsFile),
            Dataset = dataFile is null ? null : new FilePart(Path.GetFileName(data), dataFile),
            DatasetAddress = dataFile is null ? data : null,
            Options = options,
        };
        var job = await ByteProgress.RunAsync(run.Terminal, Path.GetFileName(data), dataFile?.Length ?? 1, progress => run.Client.Trainings.StartAsync(run.Value(Model), training, progress, run.Stop));
        if (run.Value(Detach))
        {
            run.Terminal.Done($"The training of {job.Model} is job {job.Id}. 'larder jobs logs {job.Id} --follow' follows it.", job, job.Id);
            return ExitCodes.Ok;
        }
        run.Terminal.Note($"The training of {job.Model} is job {job.Id}.");
        return JobWatch.Ended(run, await JobWatch.FollowAsync(run, job.Id));
    }

    private static string ScriptOf(CommandRun run, string? folder)
    {
        if (folder is null)
            return run.Value(Script) is null ? run.Value(Source) : throw new UsageException("--script is for a folder.");
        if (run.Value(Script) is { } named)
            return Path.Combine(folder, named);
        return Existing(folder, "train.py") ?? (Directory.GetFiles(folder, "*.py") is [var only]
            ? only
            : throw new UsageException($"{folder} has no train.py and not exactly one .py file: --script names the script."));
    }

    private static string DataOf(string? folder)
    {
        if (folder is null)
            throw new UsageException("--data names the data set.");
        var files = Directory.GetFiles(folder).Where(file => DatasetExtensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).ToList();
        return files is [var only] ? only : throw new UsageException($"{folder} has {(files.Count == 0 ? "no data file" : $"{files.Count} data files")}: --data names the data set.");
    }

    private static string? Existing(string? folder, string name) => folder is not null && Path.Combine(folder, name) is var path && File.Exists(path) ? path : null;

    private static async Task<JsonElement?> OptionsAsync(CommandRun run, string? folder)
    {
        var text = run.Value(Options) ?? (Existing(folder, "options.json") is { } file ? $"@{file}" : null);
        var set = Parsing.Pairs(run.Value(Set), "--set");
        if (text is null && set is null)
            return null;
        var options = text is null ? [] : JsonObject.Create(await LocalFile.JsonAsync(text, "--options", run.Stop)) ?? throw new UsageException("--options must be a JSON object.");
        foreach (var (name, value) in set ?? [])
            options[name] = ValueOf(value);
        return JsonSerializer.SerializeToElement(options);
    }

    private static JsonNode? ValueOf(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
