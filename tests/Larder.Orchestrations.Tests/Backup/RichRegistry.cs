using System.Text.Json;
using Larder.Inference.Settings;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Schedules;

namespace Larder.Orchestrations.Tests.Backup;

/// <summary>Fills a registry with one of everything.</summary>
internal static class RichRegistry
{
    private static readonly ModelName Bread = ModelName.Parse("Bread");
    /// <summary>Models that are there, deleted ones too.</summary>
    public const int Models = 27;

    public static async Task FillAsync(Depot depot)
    {
        // Of everything, with text that a careless writer would lose.
        var card = await StoreAsync(depot, "# Bread\r\n\n\u00dcber alles \ud83c\udf5e");
        await depot.PublishAsync("Bread", "one", new PublishRequest
        {
            Source = "upload",
            FileName = "br\u00f6t chen.onnx",
            Description = "Erste \"Version\"\n\tmit \\ und \u2028 <b> \ud83e\udd50",
            Tags = new Dictionary<string, string> { ["z"] = "26", ["a"] = "", ["\u00e9"] = "\u65e5\u672c\u8a9e" },
            Metrics = new Dictionary<string, double> { ["accuracy"] = 0.1 + 0.2, ["loss"] = 1e-300, ["n"] = -0.0 },
            Labels = ["setosa", "versicolor", "\u0432\u0438\u0440\u0433\u0438\u043d\u0438\u043a\u0430"],
            Files = [card],
            ModelDescription = "Knusprig \u2014 \u00e7a va",
            Owner = "b\u00e4cker@example.com",
            IdempotencyKey = "job-1:model",
            Job = "0123456789abcdef",
            Actor = "anna",
        });
        await depot.PublishAsync("Bread", "two", new PublishRequest { Source = "training", Files = [card], Settings = new ModelSettings { Batching = new BatchingSettings { MaxRows = 7 } } });
        await depot.PublishAsync("Bread", "two optimised", new PublishRequest { Source = "training", Kind = ModelVersion.OptimizedKind, OptimizedFrom = 2 });
        await depot.PublishAsync("Bread", "four");
        await depot.PublishAsync("Bread", "five");
        await depot.Registry.LinkOptimizedAsync(Bread, 2, 3);
        await depot.Registry.DeleteVersionAsync(Bread, 4, actor: "berta");
        await depot.Registry.SetAliasAsync(Bread, "champion", 2, actor: "anna");
        await depot.Registry.SetAliasAsync(Bread, "Champion", 1);
        await depot.Registry.SetDefaultAsync(Bread, 1, actor: "anna");
        await depot.Registry.UpdateAsync(Bread, new ModelPatch { Tags = new Dictionary<string, string?> { ["team"] = "oven", ["Team"] = "Ofen" } });

        // Names that differ in case, the same bytes under several names, all versions deleted, a model deleted, one that came back.
        await depot.PublishAsync("bread", "one");
        await depot.PublishAsync("bread.", "one");
        await depot.PublishAsync("empty", "one");
        await depot.Registry.DeleteVersionAsync(ModelName.Parse("empty"), 1);
        await depot.PublishAsync("gone", "gone");
        await depot.PublishAsync("gone", "gone again");
        await depot.Registry.DeleteModelAsync(ModelName.Parse("gone"));
        await depot.PublishAsync("phoenix", "first life");
        await depot.Registry.DeleteModelAsync(ModelName.Parse("phoenix"));
        await depot.PublishAsync("phoenix", "second life");
        for (var i = 0; i < 20; i++)
            await depot.PublishAsync($"many-{i}", i % 2 == 0 ? "shared" : $"own {i}");
        await depot.PublishAsync("many-1-more", "more");

        await depot.Schedules.CreateAsync(Schedule("0000000000000001", "many-1"), "tester");
        await depot.Schedules.CreateAsync(Schedule("0000000000000002", "Bread") with { Enabled = false, Overlap = OverlapPolicy.Queue, Missed = MissedPolicy.All, Revision = 4 }, "tester");
    }

    public static Schedule Schedule(string id, string model) => new()
    {
        Id = id,
        Name = "Jede Nacht \ud83c\udf19",
        Description = "um halb drei",
        Cron = "30 2 * * *",
        TimeZone = "Europe/Berlin",
        Job = new ScheduledJob
        {
            Type = "score",
            Model = model,
            Options = JsonSerializer.SerializeToElement(new { format = "csv", keep = new[] { "id", "\u00e4" }, max_errors = 10, ratio = JsonDocument.Parse("[0.50, 1.0, -0, 1e3, 1234567890123456, 0.1]").RootElement }),
            Inputs = new ScheduledInputs { Dataset = "uploads/data.csv" },
        },
        Owner = "carla",
        Created = new DateTimeOffset(2026, 1, 31, 12, 0, 0, 123, TimeSpan.Zero),
        Updated = new DateTimeOffset(2026, 2, 1, 13, 0, 0, TimeSpan.FromHours(1)),
        Progress = new ScheduleProgress { NextRun = new DateTimeOffset(2026, 2, 2, 2, 30, 0, TimeSpan.FromHours(1)), Open = ["0123456789abcdef"] },
    };

    private static async Task<VersionFile> StoreAsync(Depot depot, string text)
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, text);
            var bytes = await File.ReadAllBytesAsync(path);
            var sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
            await depot.Artifacts.PutAsync(path, sha256);
            return new VersionFile(VersionFile.Card, sha256, bytes.Length);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
