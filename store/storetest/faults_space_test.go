package storetest

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"runtime"
	"strings"

	"github.com/activitylog/activitylog"
)

// inSpace is what is done in a transaction of a space.
type inSpace = func(activitylog.SpaceTx) error

// oddSpace is a Space whose transactions, or what happens around them, are not as they should be.
type oddSpace struct {
	activitylog.Space
	update func(ctx context.Context, inner activitylog.Space, f inSpace) error
	view   func(ctx context.Context, inner activitylog.Space, f inSpace) error
	tx     func(inner activitylog.SpaceTx) activitylog.SpaceTx
}

func (o oddSpace) odd(f inSpace) inSpace {
	if o.tx == nil {
		return f
	}
	return func(tx activitylog.SpaceTx) error { return f(o.tx(tx)) }
}

func (o oddSpace) Update(ctx context.Context, f inSpace) error {
	if o.update != nil {
		return o.update(ctx, o.Space, f)
	}
	return o.Space.Update(ctx, o.odd(f))
}

func (o oddSpace) View(ctx context.Context, f inSpace) error {
	if o.view != nil {
		return o.view(ctx, o.Space, f)
	}
	return o.Space.View(ctx, o.odd(f))
}

// oddTx replaces methods of a transaction.
type oddTx struct {
	activitylog.SpaceTx
	get    func(key []byte) ([]byte, bool, error)
	put    func(key, value []byte) error
	delete func(key []byte) error
	scan   func(from, to []byte) iter.Seq2[activitylog.Pair, error]
}

func (o oddTx) Get(key []byte) ([]byte, bool, error) {
	if o.get != nil {
		return o.get(key)
	}
	return o.SpaceTx.Get(key)
}

func (o oddTx) Put(key, value []byte) error {
	if o.put != nil {
		return o.put(key, value)
	}
	return o.SpaceTx.Put(key, value)
}

func (o oddTx) Delete(key []byte) error {
	if o.delete != nil {
		return o.delete(key)
	}
	return o.SpaceTx.Delete(key)
}

func (o oddTx) Range(from, to []byte) iter.Seq2[activitylog.Pair, error] {
	if o.scan != nil {
		return o.scan(from, to)
	}
	return o.SpaceTx.Range(from, to)
}

// oddly makes spaces with odd transactions.
func oddly(tx func(s *faulty, inner activitylog.SpaceTx) activitylog.SpaceTx) func(s *faulty, name string) activitylog.Space {
	return func(s *faulty, name string) activitylog.Space {
		return oddSpace{Space: s.Store.Space(name),
			tx: func(inner activitylog.SpaceTx) activitylog.SpaceTx { return tx(s, inner) }}
	}
}

// updating makes spaces that update their own way.
func updating(update func(ctx context.Context, s *faulty, inner activitylog.Space, f inSpace) error) func(s *faulty, name string) activitylog.Space {
	return func(s *faulty, name string) activitylog.Space {
		return oddSpace{Space: s.Store.Space(name), update: func(ctx context.Context, inner activitylog.Space, f inSpace) error {
			return update(ctx, s, inner, f)
		}}
	}
}

// viewing makes spaces that are viewed their own way.
func viewing(view func(ctx context.Context, inner activitylog.Space, f inSpace) error) func(s *faulty, name string) activitylog.Space {
	return func(s *faulty, name string) activitylog.Space {
		return oddSpace{Space: s.Store.Space(name), view: view}
	}
}

type change struct{ key, value []byte }

// later is a transaction that keeps its changes for afterwards and does not see them.
func later(inner activitylog.SpaceTx, changes *[]change) activitylog.SpaceTx {
	return oddTx{
		SpaceTx: inner,
		put: func(k, v []byte) error {
			*changes = append(*changes, change{bytes.Clone(k), append([]byte{}, v...)})
			return nil
		},
		delete: func(k []byte) error {
			*changes = append(*changes, change{bytes.Clone(k), nil})
			return nil
		},
	}
}

func apply(tx activitylog.SpaceTx, changes []change) error {
	for _, c := range changes {
		var err error
		if c.value == nil {
			err = tx.Delete(c.key)
		} else {
			err = tx.Put(c.key, c.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var errBusy = errors.New("busy")

var spaceFaults = []fault{
	{name: "takes empty values for absent", cases: []string{"space/put and get"},
		space: oddly(func(_ *faulty, tx activitylog.SpaceTx) activitylog.SpaceTx {
			return oddTx{SpaceTx: tx, get: func(key []byte) ([]byte, bool, error) {
				v, _, err := tx.Get(key)
				return v, len(v) > 0, err
			}}
		})},
	{name: "ranges include their end", cases: []string{"space/order", "space/reads own writes"},
		space: oddly(func(_ *faulty, tx activitylog.SpaceTx) activitylog.SpaceTx {
			return oddTx{SpaceTx: tx, scan: func(from, to []byte) iter.Seq2[activitylog.Pair, error] {
				if to != nil {
					to = append(bytes.Clone(to), 0)
				}
				return tx.Range(from, to)
			}}
		})},
	{name: "has no empty key", cases: []string{"space/order"},
		space: oddly(func(_ *faulty, tx activitylog.SpaceTx) activitylog.SpaceTx {
			return oddTx{SpaceTx: tx, put: func(k, v []byte) error {
				if len(k) == 0 {
					return nil
				}
				return tx.Put(k, v)
			}}
		})},
	{name: "names spaces without case", cases: []string{"space/names"},
		space: func(s *faulty, name string) activitylog.Space {
			return s.Store.Space(strings.ToLower(name))
		}},
	{name: "ranges end after 1000 pairs", cases: []string{"space/large"},
		space: oddly(func(_ *faulty, tx activitylog.SpaceTx) activitylog.SpaceTx {
			return oddTx{SpaceTx: tx, scan: func(from, to []byte) iter.Seq2[activitylog.Pair, error] {
				return func(yield func(activitylog.Pair, error) bool) {
					n := 0
					for p, err := range tx.Range(from, to) {
						if n++; n > 1000 || !yield(p, err) {
							return
						}
					}
				}
			}}
		})},
	{name: "gives its own pairs away", cases: []string{"space/not kept"},
		space: oddly(func(s *faulty, tx activitylog.SpaceTx) activitylog.SpaceTx {
			return oddTx{SpaceTx: tx, scan: func(from, to []byte) iter.Seq2[activitylog.Pair, error] {
				return func(yield func(activitylog.Pair, error) bool) {
					for p, err := range tx.Range(from, to) {
						if own, ok := s.state.values[string(p.Key)]; ok {
							p = own
						} else {
							s.state.values[string(p.Key)] = p
						}
						if !yield(p, err) {
							return
						}
					}
				}
			}}
		})},
	{name: "ignores the context of spaces", cases: []string{"space/canceled"},
		space: updating(func(ctx context.Context, _ *faulty, inner activitylog.Space, f inSpace) error {
			return inner.Update(context.WithoutCancel(ctx), f)
		})},
	{name: "does not read its own writes", cases: []string{"space/reads own writes"},
		space: updating(func(ctx context.Context, _ *faulty, inner activitylog.Space, f inSpace) error {
			return inner.Update(ctx, func(tx activitylog.SpaceTx) error {
				var changes []change
				if err := f(later(tx, &changes)); err != nil {
					return err
				}
				return apply(tx, changes)
			})
		})},
	{name: "is busy while it ranges", cases: []string{"space/change inside range"},
		space: oddly(func(_ *faulty, tx activitylog.SpaceTx) activitylog.SpaceTx {
			ranging := 0
			return oddTx{
				SpaceTx: tx,
				get: func(key []byte) ([]byte, bool, error) {
					if ranging > 0 {
						return nil, false, errBusy
					}
					return tx.Get(key)
				},
				scan: func(from, to []byte) iter.Seq2[activitylog.Pair, error] {
					return func(yield func(activitylog.Pair, error) bool) {
						ranging++
						defer func() { ranging-- }()
						tx.Range(from, to)(yield)
					}
				},
			}
		})},
	{name: "commits in spite of an error", cases: []string{"space/rollback", "space/reads own writes"},
		space: updating(func(ctx context.Context, _ *faulty, inner activitylog.Space, f inSpace) error {
			var failed error
			err := inner.Update(ctx, func(tx activitylog.SpaceTx) error {
				failed = f(tx)
				return nil
			})
			return errors.Join(err, failed)
		})},
	{name: "writes in views", cases: []string{"space/view is read-only"},
		space: viewing(func(ctx context.Context, inner activitylog.Space, f inSpace) error {
			return inner.Update(ctx, f)
		})},
	{name: "loses updates", cases: []string{"space/increments"},
		space: updating(func(ctx context.Context, _ *faulty, inner activitylog.Space, f inSpace) error {
			var changes []change
			if err := inner.View(ctx, func(tx activitylog.SpaceTx) error { return f(later(tx, &changes)) }); err != nil {
				return err
			}
			runtime.Gosched()
			return inner.Update(ctx, func(tx activitylog.SpaceTx) error { return apply(tx, changes) })
		})},
	{name: "reads every key of a view for itself", cases: []string{"space/consistent view"},
		space: viewing(func(ctx context.Context, inner activitylog.Space, f inSpace) error {
			return f(oddTx{
				get: func(key []byte) (v []byte, ok bool, err error) {
					err = inner.View(ctx, func(tx activitylog.SpaceTx) error {
						v, ok, err = tx.Get(key)
						return err
					})
					runtime.Gosched()
					return v, ok, err
				},
				scan: func(from, to []byte) iter.Seq2[activitylog.Pair, error] {
					return func(yield func(activitylog.Pair, error) bool) {
						_ = inner.View(ctx, func(tx activitylog.SpaceTx) error {
							tx.Range(from, to)(yield)
							return nil
						})
					}
				},
			})
		})},
	{name: "is busy while another space is updated", cases: []string{"space/no transaction of another"},
		space: updating(func(ctx context.Context, s *faulty, inner activitylog.Space, f inSpace) error {
			if !s.state.mu.TryLock() {
				return errBusy
			}
			defer s.state.mu.Unlock()
			runtime.Gosched()
			return inner.Update(ctx, f)
		})},
}
