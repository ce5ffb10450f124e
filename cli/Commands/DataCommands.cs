using System.CommandLine;
using Larder.Cli.Output;
using Larder.Cli.Running;
using Larder.Cli.Transfers;
using Larder.Contracts;

namespace Larder.Cli.Commands;

/// <summary><c>larder data</c>.</summary>
internal static class DataCommands
{
    private static readonly Argument<string> Dataset = new("dataset") { Description = "The data set's address, datasets/MODEL/FILE." };

    public static Command Create() => new("data", "Data sets on the server, which trainings, scorings and schedules name.") { List(), Upload(), Download(), Delete() };

    private static Command List()
    {
        var model = new Option<string?>("--model") { Description = "Data sets of this model." };
        var limit = Lists.LimitOption();
        return new Command("list", "List data sets.") { model, limit }.Runs(async run => run.Terminal.List(
            await run.TakeAsync(run.Client.Datasets.ListAsync(run.Value(model), run.Stop), run.Value(limit)),
            new("dataset", dataset => dataset.Dataset),
            new("size", dataset => Plain.Size(dataset.SizeBytes)),
            new("owner", dataset => dataset.Owner),
            new("created", dataset => Plain.Time(dataset.Created)),
            new("sha256", dataset => dataset.Sha256)));
    }

    private static Command Upload()
    {
        var model = Parsing.Model();
        var file = new Argument<string>("file") { Description = "The file." };
        var name = new Option<string?>("--name") { Description = "Its name on the server. Default: the file's." };
        return new Command("upload", "Upload a data set in blocks, straight to storage. After an interruption, the same command goes on where it was.") { model, file, name }.Runs(async run =>
        {
            var job = await BlockUploads.SendAsync(run, run.Value(model), "dataset", run.Value(name) ?? Path.GetFileName(run.Value(file)), run.Value(file), new CompleteUploadRequest { Sha256 = "" });
            return JobWatch.Ended(run, await JobWatch.WaitAsync(run, job.Id));
        });
    }

    private static Command Download()
    {
        var to = new Option<string?>("--to") { Description = "The file to write; - for standard output. Default: the data set's name.", HelpName = "FILE" };
        var force = new Option<bool>("--force") { Description = "Replace the file." };
        return new Command("download", "Download a data set.") { Dataset, to, force }.Runs(async run =>
        {
            var (model, name) = Parse(run.Value(Dataset));
            var found = await run.Client.Datasets.GetAsync(model, name, run.Stop);
            await LocalFile.WriteAsync(run, run.Value(to) ?? Path.GetFileName(name), run.Value(force), found.SizeBytes, (stream, progress) => run.Client.Datasets.DownloadAsync(model, name, stream, progress, run.Stop));
        });
    }

    private static Command Delete()
    {
        var yes = Parsing.Yes();
        return new Command("delete", "Delete a data set. Jobs that use it keep its content.") { Dataset, yes }.Runs(async run =>
        {
            var (model, name) = Parse(run.Value(Dataset));
            if (!run.Confirmed(yes, $"Delete {run.Value(Dataset)}?"))
                return ExitCodes.Failed;
            run.Terminal.Done(await run.Client.Datasets.DeleteAsync(model, name, run.Stop), new { deleted = run.Value(Dataset) }, run.Value(Dataset));
            return ExitCodes.Ok;
        });
    }

    private static (string Model, string File) Parse(string address) => address.Split('/') switch
    {
        ["datasets", var model, var file] => (model, file),
        [var model, var file] => (model, file),
        _ => throw new UsageException($"A data set is datasets/MODEL/FILE, as 'larder data list' shows it; '{address}' is not."),
    };
}
