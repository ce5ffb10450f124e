using System.CommandLine;
using System.Security.Cryptography;
using Larder.Cli.Output;
using Larder.Cli.Running;
using Larder.Cli.Transfers;
using Larder.Client;
using Larder.Contracts;

namespace Larder.Cli.Commands;

/// <summary><c>larder models</c>.</summary>
internal static class ModelCommands
{
    // Below the limit for a request of the Functions host in Azure (100 MiB).
    private const long MostInOneRequest = 64L << 20;

    private static readonly Column<VersionDetails>[] VersionColumns =
    [
        new("version", version => Plain.Number(version.Version)),
        new("status", version => version.Status),
        new("kind", version => version.Kind),
        new("source", version => version.Source),
        new("size", version => Plain.Size(version.SizeBytes)),
        new("metrics", version => version.Metrics.Count == 0 ? null : Plain.Pairs(version.Metrics)),
        new("created", version => Plain.Time(version.Created)),
    ];

    public static Command Create() => new("models", "Models, versions and aliases.")
    {
        List(), Show(), Upload(), Download(), Alias(), Rollback(), Delete(), Restore(),
    };

    private static Command List()
    {
        var owner = new Option<string[]>("--owner") { Description = "Models of this owner; repeat it for several." };
        var tag = new Option<string[]>("--tag") { Description = "Models with this tag, key:value or key; repeat it for several, all of which are needed." };
        var deleted = new Option<bool>("--deleted") { Description = "Deleted models that can be restored." };
        var limit = Lists.LimitOption();
        return new Command("list", "List models.") { owner, tag, deleted, limit }.Runs(async run =>
        {
            var filter = new ModelFilter { Owners = run.Value(owner), Tags = run.Value(tag), Deleted = run.Value(deleted) };
            run.Terminal.List(
                await run.TakeAsync(run.Client.Models.ListAsync(filter, run.Stop), run.Value(limit)),
                new("name", model => model.Name),
                new("default", model => Plain.Number(model.DefaultVersion ?? model.LatestVersion)),
                new("newest", model => Plain.Number(model.LatestVersion)),
                new("aliases", model => model.Aliases.Count == 0 ? null : Plain.Pairs(model.Aliases)),
                new("owner", model => model.Owner),
                new("updated", model => Plain.Time(model.Updated)),
                new("description", model => model.Description.Length == 0 ? null : model.Description));
        });
    }

    private static Command Show()
    {
        var reference = Parsing.Reference();
        return new Command("show", "Show a model, or one version of it.") { reference }.Runs(async run =>
        {
            var asked = run.Value(reference);
            var answer = await run.Client.Models.GetAsync(asked, run.Stop);
            if (asked.Contains(':') && answer.Version is { } version)
                ShowVersion(run, version);
            else
                ShowModel(run, answer);
        });
    }

    private static Command Upload()
    {
        var model = Parsing.Model();
        var file = new Argument<string>("file") { Description = "The ONNX file, or a zip or tar.gz with one." };
        var description = new Option<string?>("--description") { Description = "Description of the version." };
        var modelDescription = new Option<string?>("--model-description") { Description = "Description of the model." };
        var source = new Option<string?>("--source") { Description = "Where the version comes from, such as a commit." };
        var tag = new Option<string[]>("--tag") { Description = "A tag of the version, NAME=VALUE; repeat it for several." };
        var alias = new Option<string[]>("--alias") { Description = "An alias that is moved to the version; repeat it for several." };
        var force = new Option<bool>("--force") { Description = "Publish it also if it does not give the outputs of its samples." };
        var inBlocks = new Option<bool>("--in-blocks") { Description = "Send the file in blocks straight to storage, and go on there after an interruption. The default for files above 64 MiB." };
        return new Command("upload", "Upload a model: a new version.") { model, file, description, modelDescription, source, tag, alias, force, inBlocks }.Runs(async run =>
        {
            var (name, path) = (run.Value(model), run.Value(file));
            var upload = new CompleteUploadRequest
            {
                Sha256 = "",
                Description = run.Value(description),
                ModelDescription = run.Value(modelDescription),
                Source = run.Value(source),
                Tags = Parsing.Pairs(run.Value(tag), "--tag"),
                Aliases = run.Value(alias) is { Length: > 0 } aliases ? aliases : null,
            };
            await using var content = LocalFile.Open(path);
            if (!run.Value(inBlocks) && content.Length <= MostInOneRequest)
                return await UploadAtOnceAsync(run, name, path, content, upload, run.Value(force));
            if (run.Value(force))
                throw new UsageException("--force is not for an upload in blocks: force the move of the alias or the default afterwards.");
            var job = await BlockUploads.SendAsync(run, name, "model", Path.GetFileName(path), path, upload);
            return JobWatch.Ended(run, await JobWatch.WaitAsync(run, job.Id));
        });
    }

    private static async Task<int> UploadAtOnceAsync(CommandRun run, string name, string path, FileStream content, CompleteUploadRequest said, bool force)
    {
        var upload = new ModelUpload
        {
            File = new FilePart(Path.GetFileName(path), content),
            Description = said.Description,
            ModelDescription = said.ModelDescription,
            Source = said.Source,
            Tags = said.Tags,
            Aliases = said.Aliases,
            Force = force,
        };
        var answer = await ByteProgress.RunAsync(run.Terminal, upload.File.FileName, content.Length, progress => run.Client.Models.UploadAsync(name, upload, progress, run.Stop));
        run.Terminal.Done(answer.HttpStatus.Description, answer, $"{answer.Version.Model}:{answer.Version.Version}");
        if (answer.Note is { } note)
            run.Terminal.Note(note);
        return ExitCodes.Ok;
    }

    private static Command Download()
    {
        var reference = Parsing.Reference();
        var to = new Option<string?>("--to") { Description = "The file to write; - for standard output. Default: the file's name on the server.", HelpName = "FILE" };
        var force = new Option<bool>("--force") { Description = "Replace the file." };
        return new Command("download", "Download a version's file; of a version of several files, a zip of them.") { reference, to, force }.Runs(async run =>
        {
            var version = (await run.Client.Models.GetAsync(run.Value(reference), run.Stop)).Version ?? throw new UsageException($"{run.Value(reference)} has no version yet.", ExitCodes.Failed);
            var exact = $"{version.Model}:{version.Version}";
            // The server's name of the file is one that an uploader chose.
            var name = version.Manifest is null ? Path.GetFileName(version.FileName?.Replace('\\', '/')) : $"{version.Model}-{version.Version}.zip";
            await LocalFile.WriteAsync(run, run.Value(to) ?? (string.IsNullOrEmpty(name) ? $"{version.Model}-{version.Version}.onnx" : name), run.Value(force), version.SizeBytes, async (destination, progress) =>
            {
                using var sha256 = SHA256.Create();
                await using (var hashing = new CryptoStream(destination, sha256, CryptoStreamMode.Write, leaveOpen: true))
                    await run.Client.Models.DownloadAsync(exact, hashing, progress, run.Stop);
                if (version.Manifest is null && !Convert.ToHexStringLower(sha256.Hash!).Equals(version.Sha256, StringComparison.OrdinalIgnoreCase))
                    throw new IOException($"What came is not {exact}: its SHA-256 is another one. Download it again.");
            });
        });
    }

    private static Command Alias()
    {
        var model = Parsing.Model();
        var alias = new Argument<string>("alias") { Description = "The alias; 'default' is the version that requests without one get." };
        var version = new Argument<int?>("version") { Description = "The version that it is to point at.", Arity = ArgumentArity.ZeroOrOne };
        var remove = new Option<bool>("--remove") { Description = "Remove the alias; the default then follows the newest version." };
        var force = new Option<bool>("--force") { Description = "Move it also if the version does not give the outputs of its samples." };
        return new Command("alias", "Move or remove an alias, or the default.") { model, alias, version, remove, force }.Runs(async run =>
        {
            if (run.Value(version) is null == !run.Value(remove))
                throw new UsageException("Say a version, or --remove.");
            Print(run, run.Value(model), await MoveAsync(run, run.Value(model), run.Value(alias), run.Value(version), run.Value(force)));
        });
    }

    private static Command Rollback()
    {
        var model = Parsing.Model();
        var alias = new Argument<string>("alias") { Description = "The alias; 'default' without one.", DefaultValueFactory = _ => "default" };
        return new Command("rollback", "Move an alias, or the default, back to the version that it pointed at before its last move.") { model, alias }.Runs(async run =>
        {
            var (name, moved) = (run.Value(model), run.Value(alias));
            var found = (await run.Client.Models.GetAsync(name, run.Stop)).Model;
            var last = found.Audit.Where(change => change.Alias == moved).MaxBy(change => (change.Revision ?? 0, change.When));
            if (last is not { From: { } before })
                throw new UsageException($"{name} has no earlier version of {moved} in its latest changes: 'larder models alias {name} {moved} VERSION' moves it.", ExitCodes.Failed);
            var answer = await MoveAsync(run, name, moved, before, force: false);
            if (answer.Previous != last.To)
                run.Terminal.Note($"Meanwhile {moved} had been moved to version {answer.Previous}.");
            Print(run, name, answer);
        });
    }

    private static Command Delete()
    {
        var reference = Parsing.Reference("A version (iris:3), or a model with all its versions (iris).");
        var force = new Option<bool>("--force") { Description = "Delete it also while an alias points at it or a schedule needs it." };
        var purge = new Option<bool>("--purge") { Description = "Delete it for good: it cannot be restored." };
        var yes = Parsing.Yes();
        return new Command("delete", "Delete a version or a model. It can be restored for 30 days, unless the server says otherwise.") { reference, force, purge, yes }.Runs(async run =>
        {
            var what = run.Value(reference);
            if (!run.Confirmed(yes, $"Delete {what}{(run.Value(purge) ? " for good" : "")}?"))
                return ExitCodes.Failed;
            var sentence = await run.Client.Models.DeleteAsync(what, run.Value(force), run.Value(purge), run.Stop);
            run.Terminal.Done(sentence, new { deleted = what }, what);
            return ExitCodes.Ok;
        });
    }

    private static Command Restore()
    {
        var reference = Parsing.Reference("A deleted version (iris:3) or model (iris).");
        return new Command("restore", "Restore a deleted version or model.") { reference }.Runs(async run =>
        {
            var model = await run.Client.Models.RestoreAsync(run.Value(reference), run.Stop);
            run.Terminal.Done($"{run.Value(reference)} restored.", model, run.Value(reference));
        });
    }

    private static Task<AliasAnswer> MoveAsync(CommandRun run, string model, string alias, int? version, bool force) => (alias, version) switch
    {
        ("default", _) => run.Client.Models.SetDefaultAsync(model, version, force, run.Stop),
        (_, null) => run.Client.Models.DeleteAliasAsync(model, alias, run.Stop),
        (_, { } number) => run.Client.Models.SetAliasAsync(model, alias, number, force, run.Stop),
    };

    private static void Print(CommandRun run, string model, AliasAnswer answer) => run.Terminal.Done(
        $"{answer.HttpStatus.Description}{(answer.Previous is { } previous && previous != answer.Current ? $" (before: {previous})" : "")}",
        answer,
        $"{model}:{Plain.Number(answer.Current)}");

    private static void ShowModel(CommandRun run, ModelAnswer answer)
    {
        var model = answer.Model;
        run.Terminal.Show(
            answer,
            ("name", model.Name),
            ("description", model.Description),
            ("owner", model.Owner),
            ("tags", Plain.Pairs(model.Tags)),
            ("aliases", Plain.Pairs(model.Aliases)),
            ("default", answer.Version is null ? null : $"{answer.Version.Version}{(model.DefaultVersion is null ? " (the newest)" : "")}"),
            ("inputs", answer.Version is null ? null : Values(answer.Version.Signature.Inputs)),
            ("outputs", answer.Version is null ? null : Values(answer.Version.Signature.Outputs)),
            ("created", Plain.Time(model.Created)),
            ("updated", Plain.Time(model.Updated)));
        if (run.Terminal.Format != OutputFormat.Table || answer.Versions.Count == 0)
            return;
        Terminal.Line("");
        run.Terminal.List(answer.Versions, VersionColumns);
        if (answer.NextCursor is not null)
            run.Terminal.Note("These are the first versions.");
    }

    private static void ShowVersion(CommandRun run, VersionDetails version) => run.Terminal.Show(
        version,
        ("model", version.Model),
        ("version", Plain.Number(version.Version)),
        ("status", version.Status),
        ("kind", version.Kind),
        ("description", version.Description),
        ("tags", Plain.Pairs(version.Tags)),
        ("source", version.Source),
        ("job", version.Job),
        ("file", version.FileName),
        ("size", Plain.Size(version.SizeBytes)),
        ("sha256", version.Sha256),
        ("inputs", Values(version.Signature.Inputs)),
        ("outputs", Values(version.Signature.Outputs)),
        ("features", string.Join(", ", version.Features.Select(feature => feature.Name))),
        ("labels", string.Join(", ", version.Labels)),
        ("metrics", Plain.Pairs(version.Metrics)),
        ("producer", version.Producer),
        ("created", Plain.Time(version.Created)));

    private static string Values(IEnumerable<ValueDetails> values) =>
        string.Join(", ", values.Select(value => $"{value.Name} {value.Datatype ?? value.Kind}{(value.Shape is { } shape ? $" [{string.Join(',', shape)}]" : "")}{(value.Optional ? " (optional)" : "")}"));
}
