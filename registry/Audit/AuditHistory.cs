using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Schedules;
using Larder.Registry.Storage;
using Larder.Registry.Tokens;
using Larder.Registry.Webhooks;

namespace Larder.Registry.Audit;

/// <summary>Reads the log, the newest record first: a subject's from its partition, all others month by month.</summary>
/// <param name="documents">Where records are.</param>
/// <param name="registry">Models, whose newest records may not be in the log yet.</param>
/// <param name="schedules">Schedules, the same.</param>
/// <param name="tokens">Tokens, the same.</param>
/// <param name="time">Tells the current month, which the list begins with.</param>
/// <param name="webhooks">Webhooks, as models; null where there are none.</param>
public sealed class AuditHistory(IDocumentStore documents, ModelRegistry registry, ScheduleStore schedules, TokenStore tokens, TimeProvider time, WebhookStore? webhooks = null)
{
    /// <summary>The most items that one page of a list has.</summary>
    public const int MaxPage = 1000;

    /// <summary>The most records that are read for one page.</summary>
    internal const int MaxRead = 2000;

    // Where some records do not fit, a page of documents has more than are asked for.
    private const int ChoosingPage = 500;
    private const int ProbedMonths = 12;

    // No record is older: there was no log.
    private static readonly int FirstMonth = AuditKeys.MonthOf(new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>
    /// Records, the newest first. A page is bounded work: it may have fewer items than asked for, even none, and a cursor all the same.
    /// </summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">The most items: 1 to <see cref="MaxPage"/>.</param>
    /// <param name="cursor">From the page before, with the same filter; null for the first. What is recorded meanwhile does not disturb it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">The limit is out of range, the times are the wrong way round, or the cursor is none.</exception>
    public async Task<Page<AuditRecord>> ListAsync(AuditFilter filter, int limit, string? cursor = null, CancellationToken cancellationToken = default)
    {
        if (limit is < 1 or > MaxPage)
            throw new InvalidRequestException($"The limit must be 1 to {MaxPage}; it is {limit}.");
        if (filter.From > filter.To)
            throw new InvalidRequestException("from must not be after to.");
        if (cursor is null)
            await CompleteAsync(filter.Subject, cancellationToken);

        var (first, last) = Months(filter);
        if (last < first)
            return new Page<AuditRecord>([], null);
        var root = filter.Subject?.Root;
        AuditPosition? position = cursor is null
            ? new AuditPosition(root ?? AuditKeys.Month(last))
            : AuditPosition.Read(cursor, partition => root is null ? MonthOf(partition, first, last) is not null : partition == root);
        var items = new List<AuditRecord>();
        for (var left = MaxRead; position is { } at && left > 0 && items.Count < limit;)
        {
            var size = Math.Min(left, filter.IsSelective ? ChoosingPage : limit - items.Count);
            var page = await documents.ListAsync(AuditKeys.Records, at.Partition, size, at.Continuation, cancellationToken);
            left -= Math.Max(1, page.Documents.Count);
            position = Take(page, at, filter, limit, items)
                ?? (page.Continuation is { } next ? at with { Continuation = next, After = "" }
                    : root is null ? await BelowAsync(MonthOf(at.Partition, first, last)!.Value, first, cancellationToken)
                    : null);
            if (filter.From is { } from && page.Documents is [.., var oldest] && oldest.Value.When < from)
                position = items.Count < limit ? null : position;
        }

        return new Page<AuditRecord>(items, position?.Write());
    }

    /// <summary>Takes what fits from a page.</summary>
    /// <returns>Where the list goes on, if that is in the same page; null when the page is done with.</returns>
    private static AuditPosition? Take(DocumentPage<AuditRecord> page, AuditPosition at, AuditFilter filter, int limit, List<AuditRecord> items)
    {
        for (var i = 0; i < page.Documents.Count; i++)
        {
            var found = page.Documents[i];
            if (string.CompareOrdinal(found.Id, at.After) <= 0 || !filter.Matches(found.Value))
                continue;
            items.Add(found.Value);
            if (items.Count == limit && i < page.Documents.Count - 1)
                return at with { After = found.Id };
        }

        return null;
    }

    /// <summary>The newest month with records below one; null when there is none.</summary>
    private async Task<AuditPosition?> BelowAsync(int month, int first, CancellationToken cancellationToken)
    {
        while (month > first)
        {
            var probed = Enumerable.Range(1, Math.Min(ProbedMonths, month - first)).Select(down => AuditKeys.Month(month - down)).ToList();
            var pages = await Task.WhenAll(probed.Select(partition => documents.ListAsync(AuditKeys.Records, partition, 1, null, cancellationToken)));
            var there = Array.FindIndex(pages, page => page.Documents.Count > 0);
            if (there >= 0)
                return new AuditPosition(probed[there]);
            month -= probed.Count;
        }

        return null;
    }

    // The clocks of other hosts may be a little ahead.
    private (int First, int Last) Months(AuditFilter filter)
    {
        var last = AuditKeys.MonthOf(time.GetUtcNow().AddDays(1));
        return (
            Math.Max(FirstMonth, filter.From is { } from ? AuditKeys.MonthOf(from) : 0),
            Math.Min(last, filter.To is { } to ? AuditKeys.MonthOf(to) : last));
    }

    private static int? MonthOf(string partition, int first, int last)
    {
        for (var month = last; month >= first; month--)
        {
            if (AuditKeys.Month(month) == partition)
                return month;
        }

        return null;
    }

    /// <summary>Writes records that a crash left in the subject's own document to the log.</summary>
    private async Task CompleteAsync(AuditSubject? subject, CancellationToken cancellationToken)
    {
        if (subject?.ModelName is { } model)
            await registry.CompleteAuditAsync(model, cancellationToken);
        if (subject?.ScheduleId is { } schedule)
            await schedules.CompleteAuditAsync(schedule, cancellationToken);
        if (subject?.TokenId is { } token)
            await tokens.CompleteAuditAsync(token, cancellationToken);
        if (subject?.WebhookId is { } webhook && webhooks is not null)
            await webhooks.CompleteAuditAsync(webhook, cancellationToken);
    }
}
