using System.Text.Json;
using Larder.Inference;
using Larder.Registry;

namespace Larder.Orchestrations;

/// <summary>Takes a model and what is said about it out of an archive.</summary>
/// <param name="staging">Local disk.</param>
/// <param name="artifacts">Where the card and sample inputs go.</param>
/// <param name="publisher">Stages the model.</param>
/// <param name="limits">How much an archive may hold.</param>
public sealed class ArchiveOpener(StagingArea staging, IArtifactStore artifacts, ModelPublisher publisher, ArchiveLimits limits)
{
    private const int MostShown = 5;

    /// <summary>Opens an archive.</summary>
    /// <param name="job">The job.</param>
    /// <param name="content">The archive's bytes.</param>
    /// <param name="arrival">What is known without it.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The model, to be disposed of; what is known now; and what to tell the archive's sender.</returns>
    /// <exception cref="InvalidRequestException">Something in it cannot be used: a sentence.</exception>
    /// <exception cref="TooLargeException">Something in it is too large.</exception>
    internal async Task<(StagedFile Model, Arrival Arrival, string? Note)> OpenAsync(
        Job job, Stream content, Arrival arrival, CancellationToken cancellation)
    {
        await using var packed = await staging.AddAsync(content, Arrival.ArchiveInput, limits.PackedBytes, null, cancellation);
        using var archive = ModelArchive.Open(packed.Path, limits);
        var said = await archive.ReadAsync(ModelArchive.Manifest, cancellation) is { } yaml ? LarderYaml.Read(yaml) : new LarderYaml();
        if (said.Name is { } name && name != job.Model)
            throw new InvalidRequestException($"{ModelArchive.Manifest} says that the model is {ArchiveEntryRules.Shown(name)}, and it was dropped for {ArchiveEntryRules.Shown(job.Model)}.");

        arrival = arrival with
        {
            Description = said.Description,
            ModelDescription = said.ModelDescription,
            Tags = said.Tags,
            Aliases = said.Aliases,
            Labels = said.Labels,
            Image = said.Image,
            Metrics = await MetricsAsync(archive, cancellation),
        };
        arrival.Validate(job);

        // Staged before anything of it is stored: an archive without a model leaves nothing.
        await using var modelContent = archive.OpenModel();
        var model = await publisher.StageAsync(modelContent, null, cancellation);
        try
        {
            return (model, arrival with { Files = await FilesAsync(archive, said, cancellation) }, Note(archive));
        }
        catch
        {
            await model.DisposeAsync();
            throw;
        }
    }

    private static async Task<IReadOnlyDictionary<string, double>> MetricsAsync(ModelArchive archive, CancellationToken cancellation)
    {
        if (await archive.ReadAsync(MetricsFile.Name, cancellation) is not { } json)
            return new Dictionary<string, double>();
        try
        {
            return MetricsFile.Parse(json);
        }
        catch (JsonException e)
        {
            throw new InvalidRequestException($"{MetricsFile.Name} cannot be used: {e.Message.TrimEnd('.')}.");
        }
    }

    private async Task<IReadOnlyList<VersionFile>> FilesAsync(ModelArchive archive, LarderYaml said, CancellationToken cancellation)
    {
        var files = new List<VersionFile>();
        if (await archive.ReadAsync(VersionFile.Card, cancellation) is { } card)
            files.Add(await StoreAsync(VersionFile.Card, card, cancellation));
        if (said.SampleInputs is { } sample)
            files.Add(await StoreAsync(VersionFile.SampleInputs, BinaryData.FromString(sample.Body.GetRawText()), cancellation));
        return files;
    }

    private async Task<VersionFile> StoreAsync(string name, BinaryData content, CancellationToken cancellation)
    {
        await using var staged = await staging.AddAsync(content.ToStream(), name, content.ToMemory().Length, null, cancellation);
        await artifacts.PutAsync(staged.Path, staged.Sha256, cancellation);
        return new VersionFile(name, staged.Sha256, staged.SizeBytes);
    }

    private static string? Note(ModelArchive archive)
    {
        if (archive.Ignored is not { Count: > 0 } ignored)
            return null;
        var shown = string.Join(", ", ignored.Take(MostShown).Select(ArchiveEntryRules.Shown));
        return ignored.Count > MostShown ? $"Ignored: {shown} and {ignored.Count - MostShown} more." : $"Ignored: {shown}.";
    }
}
