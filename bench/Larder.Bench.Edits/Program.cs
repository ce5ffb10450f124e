using System.Diagnostics;
using System.Globalization;
using Larder.Bench.Edits;
using Larder.Registry.Audit;
using Larder.Registry.Models;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Testing;
using Microsoft.Extensions.Logging.Abstractions;

// What it costs that many change the same model at once, next to one who reads and replaces a document of the same kind all alone, without any record of it.
// Argument: how many seconds each.
var seconds = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 5;

await using var azurite = await Azurite.StartAsync();
var store = new BlobDocumentStore(BlobClients.Create(azurite.ConnectionString));
var registry = new ModelRegistry(store, TimeProvider.System, new AuditLog(store, NullLogger<AuditLog>.Instance));
foreach (var name in new[] { "warm", "alone", "raced", "shared" })
{
    for (var version = 0; version < 2; version++)
        await registry.PublishAsync(Drafts.Of(ModelName.Parse(name)), CancellationToken.None);
}

await CallerResolver.RunAsync(1, seconds, caller => EditAsync("warm", caller), () => ReplaceAsync("warm"));

Console.WriteLine("| who | changes/s | one caller's, least and most | the mover's |");
Console.WriteLine("| --- | --- | --- | --- |");
var floor = await CallerResolver.RunAsync(1, seconds, _ => ReplaceAsync("alone"));
Console.WriteLine($"| floor: one caller, bare read and compare-and-swap | {floor.PerSecond:0} | | |");
foreach (var editors in new[] { 1, 8, 64 })
{
    if (editors > 1)
        Console.WriteLine($"| {editors} such as the floor, each again when it lost | {Row(await CallerResolver.RunAsync(editors, seconds, _ => ReplaceAsync("raced")))} | |");
    var moved = 0;
    var edited = await CallerResolver.RunAsync(editors, seconds, caller => EditAsync("shared", caller), () => registry.SetAliasAsync(ModelName.Parse("shared"), "champion", 1 + (++moved % 2)));
    Console.WriteLine($"| {editors} of Larder's, and one who moves an alias | {Row(edited)} | {edited.Others} |");
}

string Row(CallerResolver.Result result) => string.Create(
    CultureInfo.InvariantCulture, $"{result.PerSecond:0} ({result.PerSecond / floor.PerSecond:0.00} of the floor) | {result.Least} to {result.Most}");

Task EditAsync(string model, int caller) =>
    registry.UpdateAsync(ModelName.Parse(model), new ModelPatch { Tags = new Dictionary<string, string?> { [$"caller-{caller}"] = $"{Stopwatch.GetTimestamp()}" } });

async Task ReplaceAsync(string model)
{
    var backoff = new Backoff($"the model {model}");
    while (true)
    {
        var read = (await store.GetAsync(ModelCollections.Models, model, ModelCollections.ModelId, CancellationToken.None))!;
        try
        {
            await store.ReplaceAsync(ModelCollections.Models, model, ModelCollections.ModelId, read.Value with { Description = $"{Stopwatch.GetTimestamp()}" }, read.ETag, CancellationToken.None);
            return;
        }
        catch (ETagMismatchException)
        {
            await backoff.NextAsync(CancellationToken.None);
        }
    }
}
