using Larder.Cli.Output;
using Larder.Client;
using Spectre.Console;

namespace Larder.Cli.Transfers;

/// <summary>A progress bar for files that are sent or received.</summary>
internal static class ByteProgress
{
    /// <summary>Runs a transfer below a progress bar; without one where progress is not shown.</summary>
    /// <param name="terminal">Where it is drawn.</param>
    /// <param name="what">What is sent or received.</param>
    /// <param name="total">Its bytes.</param>
    /// <param name="transfer">Tells how many bytes are done.</param>
    public static Task<T> RunAsync<T>(Terminal terminal, string what, long total, Func<IProgress<long>, Task<T>> transfer) =>
        terminal.Progress is { } console
            ? console.Progress()
                .AutoClear(true)
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn())
                .StartAsync(context =>
                {
                    var task = context.AddTask(Markup.Escape(Plain.Text(what)), maxValue: Math.Max(total, 1));
                    return transfer(new Reporter<long>(bytes => task.Value = bytes));
                })
            : transfer(new Reporter<long>(_ => { }));

    /// <summary>Tells of blocks what is told of bytes.</summary>
    public static IProgress<UploadProgress> OfBlocks(IProgress<long> bytes, Action<UploadProgress> after) => new Reporter<UploadProgress>(progress =>
    {
        bytes.Report(progress.Bytes);
        after(progress);
    });

    // The framework's Progress<T> reports later, on another thread, and in any order.
    private sealed class Reporter<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
