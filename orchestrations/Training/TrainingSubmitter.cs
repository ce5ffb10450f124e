using System.Text;
using System.Text.Json;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Training.Runs;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Training;

/// <summary>Accepts trainings: checks the request, stores its files, and submits the job. Nothing is stored before everything is checked.</summary>
public sealed class TrainingSubmitter(
    JobSubmitter submitter, IArtifactStore artifacts, IComputeBackend backend, DatasetFinder finder, RunTokens tokens, JobLimits limits)
{
    private const int MaxArgumentBytes = 100_000;

    /// <summary>Checks what a training asks for, before its files are looked at.</summary>
    /// <exception cref="InvalidRequestException">An option is not allowed.</exception>
    public void Validate(TrainOptions options)
    {
        backend.Validate(options.Resources);
        var bytes = options.Environment.Sum(variable => Encoding.UTF8.GetByteCount(variable.Key) + Encoding.UTF8.GetByteCount(variable.Value.Value));
        if (bytes > limits.EnvironmentBytes)
            throw new InvalidRequestException($"The environment is limited to {limits.EnvironmentBytes} bytes; it has {bytes}.");
        ValidateTexts(options);
        if (options.Tracking)
            tokens.Validate(options.Environment.Keys);
        if (options.Gate is not null && options.Alias is null)
            throw new InvalidRequestException("A gate decides whether an alias moves: name the alias.");
        if (options.Gate is { Threshold: null, Against: null })
            throw new InvalidRequestException("A gate needs a threshold, or a version to compare with in 'against'.");
        if (options.Alias is { } alias)
            ModelName.ValidateAlias(alias);
        if (options.Gate?.Against is { } against)
            ModelReference.Parse($"model:{against}");
        // What the registry would refuse hours later.
        new PublishRequest { Source = TrainJob.Type, Tags = options.Tags }.Validate();
    }

    /// <summary>What no operating system passes to a process.</summary>
    private static void ValidateTexts(TrainOptions options)
    {
        for (var i = 0; i < options.Arguments.Count; i++)
            RequireNoNul(options.Arguments[i], $"/arguments/{i}");
        foreach (var (name, value) in options.Environment)
            RequireNoNul(value.Value, $"/environment/{name}");
        // Linux takes 128 KiB in one variable, and LARDER_ARGUMENTS has them all.
        var bytes = JsonSerializer.SerializeToUtf8Bytes(options.Arguments).Length;
        if (bytes > MaxArgumentBytes)
            throw new InvalidRequestException($"The arguments are limited to {MaxArgumentBytes} bytes of JSON; they have {bytes}. What is larger belongs into the data set.");

        static void RequireNoNul(string text, string place)
        {
            if (text.Contains('\0'))
                throw new InvalidRequestException($"{place} has a NUL character, which no process can be given.");
        }
    }

    /// <summary>Accepts a training.</summary>
    /// <param name="model">The model that it makes a version of.</param>
    /// <param name="inputs">The files: what each is for, its own name, and its bytes on local disk.</param>
    /// <param name="dataset">Its data set, when that is not among the files: <c>uploads/{path}</c>, <c>datasets/{model}/{file_name}</c> or a URL.</param>
    /// <param name="options">The job's options, validated.</param>
    /// <param name="key">The caller's idempotency key.</param>
    /// <param name="caller">The caller, whose rights are checked.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job; with an idempotency key, perhaps one that exists already.</returns>
    /// <exception cref="InvalidRequestException">The data set's address is not allowed.</exception>
    /// <exception cref="NotFoundException">There is no such data set.</exception>
    /// <exception cref="ConflictException">The key was used for another request.</exception>
    public async Task<Job> SubmitAsync(
        ModelName model,
        IReadOnlyList<(string Name, string FileName, StagedFile File)> inputs,
        string? dataset,
        TrainOptions options,
        string? key,
        Caller caller,
        CancellationToken cancellationToken)
    {
        var found = dataset is null ? null : await finder.FindAsync(caller, dataset, limits.DatasetBytes, cancellationToken);
        if (found?.SizeBytes == 0)
            throw new InvalidRequestException("The data set is empty.");
        foreach (var (_, _, file) in inputs)
            await artifacts.PutAsync(file.Path, file.Sha256, cancellationToken);
        var request = new JobRequest(TrainJob.Type, model, options.ToMaskedJson())
        {
            Inputs = [.. inputs.Select(input => new JobInput(input.Name, input.FileName, input.File.Sha256, input.File.SizeBytes))],
            Secrets = options.Secrets(),
            MaxAttempts = options.Attempts,
            Backend = backend.Name,
            By = caller,
            Owner = caller.Name,
            Key = key,
        };
        return await submitter.SubmitAsync(found?.GivenTo(request) ?? request, cancellationToken);
    }
}
